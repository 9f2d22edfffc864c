from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("causes.public.urls")),
]

handler400 = "causes.public.errors.bad_request"
handler403 = "causes.public.errors.permission_denied"
handler404 = "causes.public.errors.not_found"
handler500 = "causes.public.trouble.server_error"
