/* Installs tizen.teec, the constructors and the enumerations as globals, as on a Tizen device. */
'use strict';

const api = require('./index');
const { install } = require('./lib/api');

install(globalThis, api.teec);

module.exports = api;
