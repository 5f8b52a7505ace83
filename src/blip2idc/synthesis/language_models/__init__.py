"""Language models that answer prompts: a local one, or a server that speaks OpenAI's protocol."""
