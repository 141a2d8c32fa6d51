continue-title = Vazhdoni
continue-heading = Vazhdoni te: { $service }
continue-person = Jeni kyçur si
continue-as = Vazhdo si { $name }
continue-switch = Përdor një llogari tjetër
continue-hint = Tashmë jeni kyçur këtu. Nëse merrni një llogari tjetër, më parë dilni kudo në këtë shfletues.
consent-person = Jeni kyçur si { $name }.

logged-out-services = Shërbimet që i kishit hapur me këtë sesion
logged-out-told = U njoftua; ju ka nxjerrë
logged-out-waiting = Nuk është përgjigjur ende; vazhdojmë të provojmë
logged-out-cannot = Nuk mund të njoftohet; dilni edhe atje
logged-out-gave-up = Nuk u përgjigj; dilni edhe atje
logged-out-again = Shiko përsëri
