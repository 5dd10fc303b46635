// The same as CommonJS.
import express = require('express');
import { Client } from 'netgiro';
import { addCartPoll, cartPollProcessor } from 'netgiro/bullmq';
import { netgiroCallback } from 'netgiro/express';
import { netgiro } from 'netgiro/fastify';
import { simulatorFor } from 'netgiro/testing';
import testing = require('netgiro/testing');
import fastify from 'fastify';

const client = Client.fromEnv();
express().use('/netgiro/callback', netgiroCallback({ client, url: 'https://shop.example/cb', order: () => null }));
void fastify().register(netgiro, { client });
void [addCartPoll, cartPollProcessor, simulatorFor === testing.simulatorFor];
