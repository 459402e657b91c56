# SPDX-License-Identifier: Apache-2.0
qwave_wrap(base secret mlock mlockall madvise munmap mmap setrlimit getrlimit prctl)
qwave_wrap(base host getaddrinfo getnameinfo)
qwave_wrap(base socket socket bind listen fchmod chmod connect getsockopt accept4 poll lstat)
qwave_wrap(base file write fsync rename mkostemp read fstat qw_secret_new)
qwave_wrap(base spool write read)
qwave_wrap(base wire_tcp calloc malloc)
qwave_wrap(base wire_memory calloc malloc pthread_condattr_init pthread_condattr_setclock
    pthread_cond_init pthread_mutex_init)
qwave_wrap(base config calloc strdup yaml_parser_initialize)
qwave_wrap(base config_lists calloc strdup yaml_parser_initialize)
qwave_wrap(base rate_limit calloc)
