"""The rules of insurance: plain Python that knows neither database nor bus."""
