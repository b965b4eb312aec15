"""The rules of loans: plain Python that knows neither database nor bus."""
