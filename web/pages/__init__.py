"""The pages and their routes; imports every other room of `web`."""
