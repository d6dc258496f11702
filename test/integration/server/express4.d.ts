// Version 4 under another name, so that both can be tested; its types are near enough those of 5.
declare module 'express4' {
  import express from 'express';
  // biome-ignore lint/style/noDefaultExport: it is Express that has one
  export default express;
}
