"""The services that outlooks of listings come from. Without a URL, a service is not asked."""

from config.environment import env

WEATHER_URL = env.str("WEATHER_URL", default="")
EXCHANGE_RATES_URL = env.str("EXCHANGE_RATES_URL", default="")
