# SPDX-License-Identifier: Apache-2.0
qwave_wrap(link association qw_secret_new fsync)
qwave_wrap(link pace fsync)
qwave_wrap(link sink_psk_file qw_secret_new calloc)
qwave_wrap(link sink_wireguard qw_secret_new)
qwave_wrap(link evidence calloc qw_ipsec_prf_plus)
qwave_wrap(link charon_log calloc malloc)
qwave_wrap(link key_list calloc)
qwave_wrap(link pcap calloc)
