import { defineConfig } from "vite";

// `npm run dev` shows the page with the data of a siftd that runs already.
const siftd = "http://127.0.0.1:8080";

export default defineConfig({
  esbuild: { jsx: "automatic" },
  build: {
    target: "es2022",
    // the content security policy refuses data: URLs, so nothing may become one
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { "/api": siftd, "/version": siftd, "/openapi.yaml": siftd } },
});
