"""The admin site of a tenant's host: what is on it. A model's admin is a DoorAdmin (accounts/admin/base.py)."""

from allauth.usersessions.models import UserSession

from accounts.admin.credentials import ApiKeyAdmin, SessionAdmin
from accounts.admin.log import EntryAdmin
from accounts.admin.people import InvitationAdmin, MemberAdmin, RoleAdmin
from accounts.admin.site import TenantAdminSite
from accounts.audit.models import Entry
from accounts.models import ApiKey, Invitation, Role, User
from catalog import admin as catalog
from catalog.models import (
    Category,
    CategoryGroupGrant,
    CategoryUserGrant,
    Product,
    ProductGroupGrant,
    ProductUserGrant,
)

site = TenantAdminSite()

site.register(Product, catalog.ProductAdmin)
site.register(Category, catalog.CategoryAdmin)
site.register(ProductUserGrant, catalog.ProductPersonGrantAdmin)
site.register(ProductGroupGrant, catalog.ProductRoleGrantAdmin)
site.register(CategoryUserGrant, catalog.CategoryPersonGrantAdmin)
site.register(CategoryGroupGrant, catalog.CategoryRoleGrantAdmin)
site.register(User, MemberAdmin)
site.register(Role, RoleAdmin)
site.register(Invitation, InvitationAdmin)
site.register(UserSession, SessionAdmin)
site.register(ApiKey, ApiKeyAdmin)
site.register(Entry, EntryAdmin)
