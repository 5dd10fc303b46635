
    import { type CartState, Client, NetgiroError } from 'netgiro';
    import { type RunningSimulator, simulatorFor } from 'netgiro/testing';
    export const state = (client: Client): Promise<CartState> => client.checkCart('');
    export const running = (test: { after: (call: () => Promise<void>) => void }): Promise<RunningSimulator> => simulatorFor(test);
    export const same = (client: RunningSimulator['client']): Client => client;
    // @ts-expect-error a code is one of the table
    export const code: number = new NetgiroError('').code;
  