// Starts the pages: languages first, then React. The style sheets that Fluent UI makes carry the page's nonce.
import { createDOMRenderer, RendererProvider } from "@fluentui/react-components";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import "./i18n";

const nonce = document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content ?? "";
const renderer = createDOMRenderer(document, { styleElementAttributes: { nonce } });
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <RendererProvider renderer={renderer} targetDocument={document}>
    <App />
  </RendererProvider>,
);
