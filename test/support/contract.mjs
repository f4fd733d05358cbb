// The API's contract, read strictly: what an answer may be, and what is wrong with one that is otherwise.
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import YAML from 'yaml';

const methods = ['get', 'post', 'put', 'patch', 'delete'];

/** What every answer may carry, whatever it answers; anything else the contract names. */
const usual = new Set(['connection', 'content-length', 'transfer-encoding', 'content-type', 'cache-control', 'x-content-type-options',
  'referrer-policy', 'x-frame-options', 'cross-origin-opener-policy', 'cross-origin-resource-policy', 'permissions-policy',
  'content-security-policy', 'strict-transport-security', 'content-language', 'vary', 'x-accel-buffering']);

/** `text` is the document. */
export function readContract(text) {
  const document = YAML.parse(text);
  const ajv = new Ajv({ strict: true, strictTypes: false, allowUnionTypes: true, allErrors: true });
  addFormats(ajv);
  ajv.addKeyword('components');
  ajv.addSchema({ $id: 'contract:', components: { schemas: document.components.schemas } });
  const compiled = new Map();
  const absolute = (value) => {
    if (Array.isArray(value)) return value.map(absolute);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) =>
      [name, name === '$ref' ? `contract:${each}` : absolute(each)]));
  };
  const validator = (schema) => {
    const key = JSON.stringify(schema);
    if (!compiled.has(key)) compiled.set(key, ajv.compile(absolute(schema)));
    return compiled.get(key);
  };
  const resolve = (value) => {
    if (!value?.$ref) return value;
    return resolve(value.$ref.slice(2).split('/').reduce((at, name) => at?.[name], document));
  };

  const operations = [];
  for (const [path, item] of Object.entries(document.paths))
    for (const method of methods) {
      const operation = item[method];
      if (!operation) continue;
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(resolve);
      const body = resolve(operation.requestBody)?.content['application/json']?.schema;
      operations.push({ id: operation.operationId, method: method.toUpperCase(), path, access: operation['x-access'], parameters,
        body: body && resolve(body), responses: operation.responses });
    }

  /** What is wrong with data by a schema; nothing, mostly. */
  const complaints = (schema, data) => {
    const validate = validator(schema);
    if (validate(data)) return [];
    return validate.errors.map((each) => `${each.instancePath || 'the body'} ${each.message} ${JSON.stringify(each.params)}`);
  };

  return {
    document,
    operations,
    complaints,
    resolve,
    operation: (id) => operations.find((each) => each.id === id),
    /** What is wrong with this answer to that operation: a list of sentences. */
    judge(operation, { status, headers, bytes }) {
      const documented = resolve(operation.responses[String(status)]);
      if (!documented) return [`${status} is not documented: ${bytes.toString().slice(0, 300)}`];
      const wrong = [];
      const named = new Map(Object.entries(documented.headers ?? {}).map(([name, each]) => [name.toLowerCase(), resolve(each)]));
      for (const name of Object.keys(headers))
        if (!usual.has(name) && !named.has(name)) wrong.push(`the header ${name} is not documented for ${status}`);
      for (const [name, each] of named)
        if (each.required && headers[name] === undefined) wrong.push(`the header ${name} is missing from ${status}`);
      const type = headers['content-type']?.split(';')[0];
      if (!documented.content) {
        if (bytes.length || type) wrong.push(`${status} has a body of type ${type}, and none is documented`);
        return wrong;
      }
      const content = documented.content[type];
      if (!content) return [...wrong, `${status} is of type ${type}, which is not documented`];
      if (!/json$/.test(type)) return wrong;
      let data;
      try {
        data = JSON.parse(bytes);
      } catch (error) {
        return [...wrong, `${status} is no JSON: ${error.message}`];
      }
      wrong.push(...complaints(content.schema, data));
      if (/problem/.test(type) && data.status !== status) wrong.push(`its body says ${data.status}, and it is ${status}`);
      if (headers.etag !== undefined && data.etag !== headers.etag) wrong.push(`the ETag ${headers.etag} is not the member etag, ${data.etag}`);
      return wrong;
    },
    /** Every member of every shape that nobody described, and every shape that is open. */
    gaps() {
      const found = [];
      const open = new Set(['CaseMembers']);  // closed by those that are made of it
      const look = (schema, where) => {
        if (!schema || typeof schema !== 'object' || schema.$ref) return;
        const object = schema.properties || schema.type === 'object';
        const closed = schema.additionalProperties === false || schema.unevaluatedProperties === false;
        if (schema.properties && object && !closed && !open.has(where) && !where.includes('allOf')) found.push(`${where} is open`);
        for (const [name, each] of Object.entries(schema.properties ?? {})) {
          if (!each.$ref && !each.description) found.push(`${where}.${name} is not described`);
          look(each, `${where}.${name}`);
        }
        look(schema.items, `${where}[]`);
        for (const each of schema.allOf ?? []) look(each, `${where} allOf`);
      };
      for (const [name, schema] of Object.entries(document.components.schemas)) look(schema, name);
      for (const each of operations)
        for (const [status, response] of Object.entries(each.responses)) {
          const full = resolve(response);
          if (!full?.description) found.push(`${each.id}: ${status} is not described`);
          if (Number(status) >= 400 && full?.content && !full.content['application/problem+json'] && !full.content['text/html'])
            found.push(`${each.id}: ${status} is no problem+json`);
        }
      return found;
    },
  };
}

/** The path with its parameters, and the query. */
export function target(operation, params = {}, query = {}) {
  const path = operation.path.replace(/\{(\w+)\}/g, (all, name) => {
    if (params[name] === undefined) throw new Error(`${operation.id} needs {${name}}`);
    return encodeURIComponent(params[name]);
  });
  const search = new URLSearchParams(query).toString();
  return search ? `${path}?${search}` : path;
}
