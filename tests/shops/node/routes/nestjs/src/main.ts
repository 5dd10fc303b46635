import { NestFactory } from '@nestjs/core';
import { ShopModule } from './shop.module';

async function bootstrap() {
  // Without rawBody the bytes that Netgíró signed are gone by the time the controller is called.
  const app = await NestFactory.create(ShopModule, { rawBody: true });
  app.enableShutdownHooks();
  await app.listen(process.env.PORT ?? 3000);
}
void bootstrap();
