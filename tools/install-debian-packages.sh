#!/bin/sh
# Install the Debian packages that only some tests need (they are skipped without):
#   chromium    the browser in which tests/test_browser.py opens the report
#   bart        the toolbox whose `pics` tests/fitting/test_foreign_solvers.py judges
#   ismrmrd-tools  the phantom of tests/files/test_ismrmrd_tools.py
# Run as root or with sudo: sudo tools/install-debian-packages.sh
set -eu
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends chromium fonts-dejavu-core bart ismrmrd-tools
