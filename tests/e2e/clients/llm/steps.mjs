// What every SDK is asked to do, and how it reports. A step that fails reports the error as a program sees it.
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
export const SYSTEM = 'Be brief.';
export const CITY = {type: 'object', properties: {city: {type: 'string', description: 'Where'}}, required: ['city'], additionalProperties: false};
export const FOUND = {type: 'object', properties: {city: {type: 'string'}, degrees: {type: 'integer'}}, required: ['city', 'degrees'],
  additionalProperties: false};
export const weather = ({city}) => `${city}: ${city.length} degrees`;

const failure = error => ({failed: {
  type: error.constructor.name, status: error.status ?? error.statusCode ?? null, message: String(error.message).slice(0, 2000),
  code: error.code ?? error.error?.code ?? error.error?.error?.code ?? null,
  retryAfter: error.headers?.get?.('retry-after') ?? error.responseHeaders?.['retry-after'] ?? null}});

export const run = async steps => {
  const told = {};
  for (const name of JSON.parse(process.env.STEPS)) {
    told[name] = await steps[name]().catch(failure);
  }
  console.log(JSON.stringify(told));
};
