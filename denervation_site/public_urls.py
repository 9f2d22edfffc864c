"""The addresses of a site without a desk, for visitors from whom ADMIN_NETWORKS hides it."""

from django.urls import include, path

urlpatterns = [path("", include("causes.public.urls"))]

handler400 = "causes.public.errors.bad_request"
handler403 = "causes.public.errors.permission_denied"
handler404 = "causes.public.errors.not_found"
handler500 = "causes.public.trouble.server_error"
