// The pages are built to web/dist, which `postroom serve` hands out. The server puts a fresh nonce in place of __NONCE__.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  html: { cspNonce: "__NONCE__" },
  // No data: URLs, so that the content security policy needs none.
  build: { target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 1500 },
  server: { proxy: { "/api": "http://localhost:8080", "/oauth": "http://localhost:8080" } },
});
