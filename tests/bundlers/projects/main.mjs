import { pay } from './pay.mjs';

pay('order-1').then((paid) => console.log(JSON.stringify(paid)));
