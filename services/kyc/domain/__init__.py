"""The rules of kyc: plain Python that knows neither database nor bus."""
