# SPDX-License-Identifier: Apache-2.0
qwave_wrap(qkd optics calloc)
qwave_wrap(qkd link_new calloc)
# Attacks that end in a wait: long on a busy machine.
set_tests_properties(qkd.link_tamper PROPERTIES TIMEOUT 600)
