# SPDX-License-Identifier: Apache-2.0
qwave_wrap(radio air calloc pipe2 pthread_create)
qwave_wrap(radio air_replayed malloc calloc realloc)
qwave_wrap(radio least_squares calloc)
qwave_wrap(radio innovation calloc)
qwave_wrap(radio model calloc)
qwave_wrap(radio feature calloc)
qwave_wrap(radio plkg_link calloc realloc)
qwave_wrap(radio symmetric_eigen calloc)
qwave_wrap(radio capacity calloc)
qwave_wrap(radio replay_guard calloc)
# Attacks that end in a wait: long on a busy machine.
set_tests_properties(radio.plkg_tamper PROPERTIES TIMEOUT 300)
# The same over every case, more than ten thousand runs.
add_test(NAME radio.account_soundness_long COMMAND radio_account_soundness_test 48)
set_tests_properties(radio.account_soundness_long PROPERTIES TIMEOUT 1800 LABELS "unit;radio;slow;W4;W9")
