"""What every feature needs of HTTP: requests, responses, problems, authorisation, OpenAPI."""
