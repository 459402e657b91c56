# SPDX-License-Identifier: Apache-2.0
qwave_wrap(store postgres_group PQconsumeInput PQpipelineSync PQsendQueryPrepared)
qwave_wrap(store store_postgres malloc calloc)
qwave_wrap(store postgres_founding PQsendQuery)
# Servers come and go: slow where many run at once.
set_tests_properties(store.store store.store_postgres store.postgres_group store.postgres_founding PROPERTIES TIMEOUT 600)
qwave_wrap(store backup_file qw_password_key)
