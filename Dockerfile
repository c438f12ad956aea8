# The front-end files, by Node from its wheel (pinned in requirements/setup.txt); nothing of it stays in the image.
FROM python:3.11-slim-bookworm AS front_end
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY requirements/setup.txt requirements/
COPY static/icons.txt static/
COPY tools/front_end.py tools/
RUN python tools/front_end.py --no-dev

FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 CCHC_IGNORE_DOTENV=1 VAR_DIR=/data
WORKDIR /app
RUN groupadd --system --gid 10001 cchc \
    && useradd --system --uid 10001 --gid cchc --home-dir /app --no-create-home cchc \
    && install -d -o cchc -g cchc -m 750 /data
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY . .
COPY --from=front_end /app/static/vendor static/vendor
# With no settings but the embedded ones: the real ones come when it runs.
RUN VAR_DIR=/tmp/build python manage.py collectstatic --noinput --verbosity 0 && rm -rf /tmp/build
USER cchc
EXPOSE 8000
CMD ["gunicorn", "cchc_tracker.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--timeout", "120", "--worker-tmp-dir", "/dev/shm"]
