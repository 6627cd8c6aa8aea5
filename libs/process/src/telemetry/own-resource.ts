import { randomUUID } from 'node:crypto';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import { PRODUCT_VERSION } from '../product-version.js';

const ATTR_SERVICE_INSTANCE_ID = 'service.instance.id';

/** Of this process: one for its spans and for its metrics. */
const INSTANCE_ID = randomUUID();

/** What spans and metrics are from. What the variables say stands above it: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES. */
export function ownResource(serviceName: string): Resource {
  const own = {
    [ATTR_SERVICE_NAME]: serviceName,
    [ATTR_SERVICE_VERSION]: PRODUCT_VERSION,
    [ATTR_SERVICE_INSTANCE_ID]: INSTANCE_ID,
  };
  return defaultResource().merge(resourceFromAttributes(own));
}
