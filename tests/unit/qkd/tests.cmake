# SPDX-License-Identifier: Apache-2.0
qwave_wrap(qkd optics calloc)
qwave_wrap(qkd link_new calloc)
qwave_wrap(qkd key_buffer calloc qw_secret_new)
qwave_wrap(qkd auth_pool_file calloc qw_secret_new strdup qw_file_replace)
# Attacks that end in a wait: long on a busy machine.
set_tests_properties(qkd.link_tamper PROPERTIES TIMEOUT 600)
qwave_wrap(qkd node_pool calloc qw_secret_new)
qwave_wrap(qkd relay qw_hop_seal)
qwave_wrap(qkd relay_two_paths calloc qw_secret_new)
# Ten million keys.
set_tests_properties(qkd.relay_soak PROPERTIES TIMEOUT 1800 LABELS "unit;qkd;slow;Q2;Q3")
qwave_wrap(qkd topology_file calloc strdup)
qwave_wrap(qkd key_graph calloc)
qwave_wrap(qkd route calloc)
qwave_wrap(qkd flow_bound calloc)
qwave_wrap(qkd stock calloc)
qwave_wrap(qkd link_state calloc)
qwave_wrap(qkd routing calloc)
