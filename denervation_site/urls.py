from django.conf import settings
from django.contrib import admin
from django.urls import path

from denervation_site import public_urls

urlpatterns = [path(f"{settings.ADMIN_PATH}/", admin.site.urls), *public_urls.urlpatterns]

handler400 = public_urls.handler400
handler403 = public_urls.handler403
handler404 = public_urls.handler404
handler500 = public_urls.handler500
