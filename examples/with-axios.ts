// axios through the mesh: its interceptors, its options and its errors stay; one server that is gone is not noticed.
import axios from 'axios';
import { createMesh } from 'inmesh';
import { meshAxios } from 'inmesh/axios';
import { serve } from './support/serve.ts';

const alive = await serve((request, response) => {
  response.statusCode = request.url === '/orders/0' ? 404 : 200;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ path: request.url, customer: request.headers['x-customer'] }));
});
const gone = await serve(() => {});
await gone.close(); // on the list, and nobody is there

const mesh = await createMesh({
  service: 'checkout',
  registry: { fixed: { orders: [alive.url, gone.url] } },
  policy: { services: { orders: { outlier: { failures: 1, ejection: '30s' } } } }, // one failure, and others are asked
});
mesh.on((event) => {
  if (event.type === 'retry') console.log(`tried again elsewhere: ${event.why}`);
});

const http = meshAxios(mesh, axios.create({ baseURL: 'http://orders', params: { currency: 'EUR' } }));
http.interceptors.request.use((config) => {
  config.headers.set('x-customer', 'ada');
  return config;
});

for (const id of [1, 2, 3, 4]) {
  const { data } = await http.get(`/orders/${id}`);
  console.log(data);
}

try {
  await http.get('/orders/0', { params: { currency: undefined } });
} catch (error) {
  if (axios.isAxiosError(error)) console.log(`an axios error, as ever: ${error.response?.status}`);
}

await mesh.close();
await alive.close();
