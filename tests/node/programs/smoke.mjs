import * as netgiro from 'netgiro';
import smoke from './smoke.cjs';

await smoke(netgiro);
