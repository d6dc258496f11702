export { type MeshRequester, meshAxios } from './transport/axios.ts';
