'use strict';

// The App Connect server calls these functions; each asks the CRM, whose addresses have their names and take and give
// what they do. Nothing is decided here.

const axios = require('axios');

const NAME = 'CustomerConnect';
const TIMEOUT = 25000; // Milliseconds. The client gives up after 30 seconds.
const TOLD_OF_USER = [
  'id', 'platform', 'hostname', 'rcAccountId', 'timezoneName', 'timezoneOffset', 'platformAdditionalInfo', 'userSettings',
];

function baseUrl(hostname) {
  return (process.env.CRM_URL || `https://${hostname}/api/app-connect`).replace(/\/+$/, '');
}

function withoutSecrets(user) {
  return user && Object.fromEntries(TOLD_OF_USER.map((name) => [name, user[name]]));
}

async function ask(name, { authHeader, proxyConfig, tracer, apiKey, ...parameters }, hostname, key) {
  const body = { ...parameters, user: withoutSecrets(parameters.user) };
  const response = await axios.post(`${baseUrl(hostname)}/${name}`, body, {
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    timeout: TIMEOUT,
    maxRedirects: 0,
  });
  return response.data;
}

function failure(message) {
  return { successful: false, returnMessage: { message, messageType: 'error', ttl: 5000 } };
}

exports.getAuthType = () => 'apiKey';
exports.getBasicAuth = ({ apiKey }) => Buffer.from(`${apiKey}:`).toString('base64');
exports.getLogFormatType = () => 'text/plain';
exports.getOauthInfo = () => ({}); // The server asks for it, whatever the way of signing in.

exports.getUserInfo = async (parameters) => {
  try {
    const { additionalInfo, ...rest } = parameters;
    const { apiKey, ...told } = additionalInfo || {};
    return await ask('getUserInfo', { ...rest, additionalInfo: told }, parameters.hostname, parameters.apiKey || apiKey);
  } catch (error) {
    const refused = [401, 403].includes(error.response?.status);
    return failure(refused ? `${NAME} did not accept this API key.` : `${NAME} cannot be reached; check its address.`);
  }
};

exports.unAuthorize = async (parameters) => {
  const { user } = parameters;
  let answer = {};
  try {
    answer = await ask('unAuthorize', parameters, user.hostname, user.accessToken);
  } catch {
    // The session ends here in any case.
  }
  user.accessToken = '';
  user.refreshToken = '';
  await user.save();
  const left = { message: `Disconnected from ${NAME}.`, messageType: 'success', ttl: 1000 };
  return { returnMessage: answer.returnMessage || left };
};

for (const name of [
  'findContact', 'findContactWithName', 'createContact',
  'createCallLog', 'getCallLog', 'updateCallLog', 'upsertCallDisposition', 'createMessageLog', 'updateMessageLog',
  'getUserList', 'getLicenseStatus', 'refreshUserInfo', 'authValidation',
]) {
  exports[name] = (parameters) => ask(name, parameters, parameters.user.hostname, parameters.user.accessToken);
}
