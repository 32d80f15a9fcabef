"""What the figures share: measuring, the peers' environments, data, servers, browsers, results."""
