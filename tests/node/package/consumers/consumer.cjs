// A CommonJS module that uses the package.
const everything = require('netgiro');
const { ApiError, CartPoll, Client, NetgiroError, Simulator, sign } = require('netgiro');

async function main() {
  const simulator = await Simulator.start({ seed: 1, minimumAmount: 10 });
  const client = simulator.client();
  const cart = await client.insertCart({ amount: 4990, reference: 'order-17', customerId: '8223281' });
  simulator.confirm(cart);
  const state = await client.settleCart(cart);
  const refused = await client.insertCart({ amount: 1, reference: 'order-18', customerId: '8223281' }).catch((e) => e);
  console.log(
    JSON.stringify([
      client instanceof Client,
      state.status,
      refused instanceof ApiError && refused instanceof NetgiroError,
      new CartPoll(cart).isDone,
      sign('a', 'b', 'c', 'd').length,
      Object.keys(everything).sort(),
    ]),
  );
  await simulator.close();
}

main();
