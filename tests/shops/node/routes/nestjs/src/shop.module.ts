import { Injectable, Module } from '@nestjs/common';
import type { Callback, Client } from 'netgiro';
import type { CallbackOrder, SettledCartState } from 'netgiro/express';
import { NetgiroModule } from './netgiro.module';

/** Your orders, in your database. */
@Injectable()
export class Orders {
  private readonly rows = new Map<string, { amount: number; reported: boolean; status: string }>();

  open(reference: string, amount: number): void {
    this.rows.set(reference, { amount, reported: false, status: 'open' });
  }

  status(reference: string): string | undefined {
    return this.rows.get(reference)?.status;
  }

  async find(callback: Callback): Promise<CallbackOrder | null> {
    const { reference } = callback;
    const row = reference === null ? undefined : this.rows.get(reference);
    return row && reference !== null ? { amount: row.amount, reference } : null;
  }

  async report(callback: Callback): Promise<void> {
    const row = this.rows.get(callback.reference ?? '');
    if (row) row.reported = true;
  }

  async settle(state: SettledCartState, callback: Callback): Promise<void> {
    const row = this.rows.get(callback.reference ?? '');
    if (row?.status === 'open') row.status = state.isPaid ? 'paid' : state.status;
  }
}

@Module({ providers: [Orders], exports: [Orders] })
class OrdersModule {}

@Module({
  imports: [
    OrdersModule,
    NetgiroModule.registerAsync({
      imports: [OrdersModule],
      inject: [Orders],
      useFactory: (orders: Orders, client: Client) => ({
        client,
        url: process.env.SHOP_CALLBACK_URL ?? 'https://shop.example/netgiro/callback',
        order: (callback) => orders.find(callback),
        record: (callback) => orders.report(callback),
        settled: (state, callback) => orders.settle(state, callback),
      }),
    }),
  ],
})
export class ShopModule {}
