'use strict';

// An App Connect server of one's own, for who does not use RingCentral's hosted one. See docs/app-connect.md.

const { createCoreApp, connectorRegistry } = require('@app-connect/core');
const manifest = require('./manifest.json');

connectorRegistry.setDefaultManifest({ ...manifest, serverUrl: process.env.APP_SERVER });
connectorRegistry.registerConnector('customerconnect', require('./connector'));
const server = createCoreApp().listen(process.env.PORT || 6066, () => {
  console.log(`App Connect listens on port ${server.address().port}.`);
});
