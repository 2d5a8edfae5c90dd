def test_x(client_as, acme):
    from accounts import access
    from catalog.models import Product
    assert Product.objects.for_user(acme.viewer).count() == 4
    assert Product.objects.for_user(acme.guest).count() == 0
    for url in ("/", "/products/", "/products/1/", "/categories/", "/categories/1/", "/members/", "/invitations/", "/profile/", "/products/new/", "/products/1/edit/", "/account/email/", "/account/2fa/", "/account/sessions/", "/organisation/"):
        for who in ("owner","editor","guest"):
            try:
                r = client_as(who).get(url)
                print(url, who, r.status_code, r.headers.get("location"))
            except Exception as e:
                print(url, who, repr(e)[:150])
