# The site for production: gunicorn behind your TLS proxy. See docs/deployment.md.
FROM python:3.11-slim AS build
WORKDIR /app
COPY requirements/base.txt requirements/base.txt
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/base.txt

FROM python:3.11-slim
RUN useradd --system --uid 1000 --create-home app && install -d -o app /data
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=config.settings.prod MEDIA_ROOT=/data/media
# Static files are collected at build time; no secret and no database takes part in that.
RUN SECRET_KEY=build-only-0123456789abcdef0123456789abcdef0123456789abcdef BASE_DOMAIN=localhost \
    DATABASE_URL=postgres:///unused python -m django collectstatic --noinput
USER app
VOLUME /data
EXPOSE 8000
HEALTHCHECK CMD python -c "import os, urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/health/', headers={'Host': os.environ['BASE_DOMAIN'], 'X-Forwarded-Proto': 'https'}))"
CMD ["gunicorn", "config.wsgi", "--config=python:config.gunicorn", "--bind=0.0.0.0:8000"]
