# SPDX-License-Identifier: Apache-2.0
qwave_wrap(api package qw_secret_new)
qwave_wrap(api http_answer qw_secret_new)
qwave_wrap(api http_server calloc qw_secret_new pthread_create gnutls_certificate_allocate_credentials
           pthread_condattr_init MHD_create_response_from_buffer_with_free_callback qw_clock_utc_ms
           qw_socket_close)
qwave_wrap(api http_wait MHD_suspend_connection MHD_resume_connection epoll_wait write)
qwave_wrap(api http_later qw_clock_utc_ms qw_clock_monotonic_ms qw_http_connection_answer_begin)
qwave_wrap(api tls_pipe recv sendmsg)
qwave_wrap(api http_client calloc qw_secret_new curl_easy_init curl_slist_append)
qwave_wrap(api certificate calloc X509_new X509_set_version X509_set_pubkey RAND_bytes BN_bin2bn ASN1_TIME_set
           X509V3_EXT_conf_nid X509_add_ext X509_set_issuer_name X509_sign_ctx BIO_new BIO_new_mem_buf X509_digest)
qwave_wrap(api session_ticket gnutls_session_ticket_key_generate)
qwave_wrap(api revocation_list calloc realloc)
qwave_wrap(api certificate_revoke X509_CRL_new X509_REVOKED_new ASN1_TIME_set X509_CRL_sign BIO_new_mem_buf)
qwave_wrap(api etsi004_server calloc qw_secret_new pthread_create gnutls_certificate_allocate_credentials)
qwave_wrap(api psk_connection calloc gnutls_psk_allocate_server_credentials gnutls_psk_set_server_known_dh_params)
qwave_wrap(api tls_credentials calloc qw_secret_new gnutls_certificate_allocate_credentials)
