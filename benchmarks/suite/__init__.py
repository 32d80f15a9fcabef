"""Code that figures share: measuring, environments of peers, data, servers, browsers, results."""
