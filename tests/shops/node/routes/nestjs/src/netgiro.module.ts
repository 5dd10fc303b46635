import { All, Controller, type DynamicModule, Inject, Module, type ModuleMetadata, type OnApplicationShutdown, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Client } from 'netgiro';
import { type CallbackRoute, type ExpressCallbackOptions, netgiroCallback } from 'netgiro/express';

const ROUTE = Symbol('netgiro: callback route');

/** How the module is told of your orders: `useFactory` is given what is in `inject`, and the client last. */
export interface NetgiroModuleOptions extends Pick<ModuleMetadata, 'imports'> {
  inject?: any[];
  useFactory: (...injected: any[]) => ExpressCallbackOptions;
}

@Controller('netgiro/callback')
export class NetgiroController {
  constructor(@Inject(ROUTE) private readonly route: CallbackRoute) {}

  @All()
  callback(@Req() request: Request, @Res() response: Response): void {
    this.route(request, response, () => {});
  }
}

@Module({})
export class NetgiroModule implements OnApplicationShutdown {
  constructor(
    @Inject(ROUTE) private readonly route: CallbackRoute,
    private readonly client: Client,
  ) {}

  static registerAsync({ imports = [], inject = [], useFactory }: NetgiroModuleOptions): DynamicModule {
    return {
      module: NetgiroModule,
      imports,
      controllers: [NetgiroController],
      providers: [
        { provide: Client, useFactory: () => Client.fromEnv() },
        {
          provide: ROUTE,
          inject: [...inject, Client],
          useFactory: (...injected: unknown[]) => netgiroCallback(useFactory(...injected)),
        },
      ],
      exports: [Client],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.route.close();
    await this.client.close();
  }
}
