# SPDX-License-Identifier: Apache-2.0
qwave_wrap(link association qw_secret_new fsync)
qwave_wrap(link sink_psk_file qw_secret_new calloc)
qwave_wrap(link sink_wireguard qw_secret_new)
