# Everything a person or CI does here. Each target sets up what it lacks.
PYTHON ?= python3
VENV := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help run test setup setup-dev reset lint format bench screenshots lock python

help:
	@echo "make run          chạy hệ thống (PORT=8000 HOST=127.0.0.1)"
	@echo "make test         chạy mọi kiểm thử (ARGS='tests/plans -k tên')"
	@echo "make setup        chỉ cài đặt"
	@echo "make reset        xóa dữ liệu tại chỗ, hỏi trước (YES=1: không hỏi)"
	@echo "make lint         kiểm tra mã, kiểu, giao diện, migration, cấu hình"
	@echo "make format       định dạng mã"
	@echo "make bench        đo thời gian các trang"
	@echo "make screenshots  chụp lại ảnh trong docs/images"
	@echo "make lock         ghim lại phiên bản thư viện (cần uv)"

python:
	@command -v $(PYTHON) >/dev/null || { echo "LỖI: không tìm thấy $(PYTHON); cần Python 3.11 trở lên (Debian: sudo apt-get install python3 python3-venv)." >&2; exit 1; }

setup: python
	@$(PYTHON) tools/setup.py

setup-dev: python
	@$(PYTHON) tools/setup.py --dev

run: python
	@$(PYTHON) tools/setup.py --run
	@exec $(VENV)/python tools/run.py

test: setup-dev
	@$(VENV)/python -m pytest $(ARGS)

reset: python
	@$(PYTHON) tools/reset.py

lint: setup-dev
	@$(VENV)/python tools/lint.py

format: setup-dev
	@$(VENV)/ruff check --fix --quiet . ; $(VENV)/ruff format .

bench: setup-dev
	@$(VENV)/python tools/bench.py $(ARGS)

screenshots: setup-dev
	@$(VENV)/python tools/screenshots.py $(ARGS)

lock: python
	@$(PYTHON) tools/lock.py
