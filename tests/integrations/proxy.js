'use strict';

// Calls the interface of App Connect's proxy connector that the first argument names, as RingCentral's server would: our
// proxy-config.json is the configuration, the second argument has the parameters. Prints what comes back.

const [name, parameters] = process.argv.slice(2);
const proxyConfig = require('../../integrations/app-connect/proxy-config.json');
const proxy = require('@app-connect/core/connector/proxy/index');

proxyConfig.requestDefaults.baseUrl = process.env.CRM_URL;
proxy[name]({ ...JSON.parse(parameters), proxyConfig }).then(
  (answer) => process.stdout.write(`\n${JSON.stringify(answer)}`),
  (error) => process.stdout.write(`\n${JSON.stringify({ failed: error.response?.status ?? String(error) })}`),
);
