"""The identity graph: links, connected components, and each identifier's customer."""
