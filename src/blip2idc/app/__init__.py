"""The web page and its HTTP API: everything in `service` works without gradio, `page` draws it with gradio."""
