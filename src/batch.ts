// `inmesh/batch`: many keys in one call.
export {
  type BatchCall,
  type BatchMesh,
  type BatchOptions,
  type BatchWork,
  batch,
  type KeyOptions,
} from './mesh/batch.ts';
